//! QuickJS needs room to recurse: `engine` lets scripts use three quarters of this stack.

fn main() {
    println!("cargo::rustc-link-arg-cdylib=-zstack-size=524288");
}
