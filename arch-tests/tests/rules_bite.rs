use std::path::{Path, PathBuf};
use arch_tests::rules;
use arch_tests::tree::Tree;
#[test]
fn show() {
    let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut names: Vec<PathBuf> = std::fs::read_dir(&base).unwrap().map(|e| e.unwrap().path()).collect();
    names.sort();
    for n in names {
        let tree = Tree::load_layers(&[&base.join("clean"), &n]).unwrap();
        println!("== {}", n.display());
        for f in rules::all_findings(&tree) { println!("{f}"); }
    }
}
