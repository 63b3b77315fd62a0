//! The files may be built after this crate was: look again when they change.

fn main() {
    for folder in ["../../web/build", "../../sdk/dist", "../../demo/dist"] {
        println!("cargo:rerun-if-changed={folder}");
    }
}
