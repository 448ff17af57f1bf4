//! Migrations are embedded: a new file must rebuild this crate.

fn main() {
    for folder in ["common", "sqlite", "postgres"] {
        println!("cargo::rerun-if-changed=../../migrations/{folder}");
    }
}
