//! Bakes a digest of the native sources into the library, so that a measurement names the build it timed.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use sha2::{Digest, Sha256};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR"));
    let mut names = vec!["Cargo.toml".to_owned(), "Cargo.lock".to_owned(), "build.rs".to_owned()];
    collect(&root, "src", &mut names)?;
    names.sort();
    println!("cargo:rerun-if-changed=src");
    println!("cargo:rustc-env=BUILD_DIGEST={}", digest(&root, &names)?);
    Ok(())
}

/// Adds the files under `folder` to `names`, as paths from `root` with forward slashes.
fn collect(root: &Path, folder: &str, names: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(root.join(folder))? {
        let entry = entry?;
        let name = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            collect(root, &name, names)?;
        } else if name.ends_with(".rs") {
            names.push(name);
        }
    }
    Ok(())
}

/// Returns the SHA-256 over every name, length and content, in the order given.
fn digest(root: &Path, names: &[String]) -> io::Result<String> {
    let mut hasher = Sha256::new();
    for name in names {
        println!("cargo:rerun-if-changed={name}");
        let content = fs::read(root.join(name))?;
        hasher.update(format!("{name}\0{}\0", content.len()));
        hasher.update(&content);
    }
    Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}
