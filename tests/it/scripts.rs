//! Auth0's scripts, unchanged: Rules, Hooks and Actions in the rules directory.

mod actions;
mod failures;
mod hooks;
mod hostile;
mod kept;
mod loading;
mod requests;
mod rules;
