//! Hands Tauri the capability and permission files, which live beside the app and not in the root.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=src-tauri/capabilities");
    println!("cargo:rerun-if-changed=src-tauri/permissions");
    let commands =
        tauri_build::AppManifest::new().permissions_path_pattern("./src-tauri/permissions/**/*.toml");
    let attributes = tauri_build::Attributes::new()
        .capabilities_path_pattern("./src-tauri/capabilities/**/*.json")
        .app_manifest(commands);
    Ok(tauri_build::try_build(attributes)?)
}
