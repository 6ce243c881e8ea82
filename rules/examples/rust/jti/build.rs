//! A small stack keeps the sandbox of one call inside the memory that the host keeps warm.

fn main() {
    println!("cargo::rustc-link-arg-cdylib=-zstack-size=16384");
}
