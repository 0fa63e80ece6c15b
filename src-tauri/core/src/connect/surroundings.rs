//! The computer as the apps see it: whose home it is, what the environment says, which programs there are. Passed in,
//! so that the tests need no real home.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::apps::{App, Base, File};
use super::system::System;
use crate::process;

/// Looks a variable up.
pub type Environment = Box<dyn Fn(&str) -> Option<OsString> + Send + Sync>;

/// What is known of this computer and its user.
pub struct Surroundings {
    /// The user's home directory.
    pub home: PathBuf,
    /// The system.
    pub system: System,
    /// The environment.
    pub environment: Environment,
    /// Where apps are installed: macOS has folders for that.
    pub applications: Vec<PathBuf>,
    /// Whether a process of this name runs.
    pub runs: Box<dyn Fn(&str) -> bool + Send + Sync>,
}

impl Surroundings {
    /// Those of this process; none if its user has no home.
    #[must_use]
    pub fn of_process() -> Option<Self> {
        let home = directories::BaseDirs::new()?.home_dir().to_owned();
        Some(Self {
            applications: vec![home.join("Applications"), PathBuf::from("/Applications")],
            home,
            system: System::current(),
            environment: Box::new(|name| std::env::var_os(name)),
            runs: Box::new(process::runs),
        })
    }

    /// The files of an app that is installed: those that exist, and those whose folder does. Empty if it is not.
    pub(super) fn files_of(&self, app: &App) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut first = None;
        for file in app.files.iter().filter(|file| file.on.contains(&self.system)) {
            for base in self.folders(file) {
                let path = join(&base, file.path);
                let is_there = path.symlink_metadata().is_ok()
                    || file.folder.is_some_and(|folder| join(&base, folder).is_dir());
                first.get_or_insert_with(|| path.clone());
                if is_there {
                    found.push(path);
                }
            }
        }
        if found.is_empty() && self.is_installed(app) {
            found.extend(first);
        }
        found
    }

    /// Where the app would keep its servers, if it were installed in the usual way.
    pub(super) fn usual_file(&self, app: &App) -> Option<PathBuf> {
        let mut files = app.files.iter().filter(|file| file.on.contains(&self.system));
        files.find_map(|file| Some(join(self.folders(file).first()?, file.path)))
    }

    /// Where on the PATH a program is. A relative folder there would mean another program in every directory.
    pub(super) fn program(&self, name: &str) -> Option<PathBuf> {
        let path = (self.environment)("PATH")?;
        let folders = std::env::split_paths(&path).filter(|folder| folder.is_absolute());
        which::which_in_global(name, std::env::join_paths(folders).ok()).ok()?.next()
    }

    fn is_installed(&self, app: &App) -> bool {
        let bundles =
            app.bundles.iter().flat_map(|bundle| self.applications.iter().map(move |at| at.join(bundle)));
        app.programs.iter().any(|name| self.program(name).is_some())
            || (self.system == System::MacOs && bundles.into_iter().any(|bundle| bundle.is_dir()))
    }

    /// None where a variable is not set, several where Windows has several packages, or an app several profiles.
    fn folders(&self, file: &File) -> Vec<PathBuf> {
        match &file.base {
            Base::Home => vec![self.home.clone()],
            Base::HomeWithout(variable) if self.folder(variable).is_none() => vec![self.home.clone()],
            Base::HomeWithout(_) => Vec::new(),
            Base::Variable(variable) => self.folder(variable).into_iter().collect(),
            Base::Config => vec![self.config()],
            Base::AppData => vec![self.app_data()],
            Base::Packages(prefix) => {
                let local = self.folder("LOCALAPPDATA");
                let local = local.unwrap_or_else(|| self.home.join("AppData").join("Local"));
                folders_in(&local.join("Packages"), prefix)
            }
            Base::EachIn(folder) => folders_in(&join(&self.app_data(), folder), ""),
        }
    }

    fn app_data(&self) -> PathBuf {
        match self.system {
            System::MacOs => self.home.join("Library/Application Support"),
            System::Linux => self.config(),
            System::Windows => {
                self.folder("APPDATA").unwrap_or_else(|| self.home.join("AppData").join("Roaming"))
            }
        }
    }

    fn config(&self) -> PathBuf {
        self.folder("XDG_CONFIG_HOME").unwrap_or_else(|| self.home.join(".config"))
    }

    /// A variable that names a folder; a relative one names none (XDG base directories, "Basics").
    fn folder(&self, variable: &str) -> Option<PathBuf> {
        (self.environment)(variable).map(PathBuf::from).filter(|path| path.is_absolute())
    }
}

/// What is in a folder and begins so, in a lasting order.
fn folders_in(folder: &Path, prefix: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let begins = |path: &PathBuf| {
        path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(prefix))
    };
    let mut found: Vec<_> = entries.flatten().map(|entry| entry.path()).filter(begins).collect();
    found.sort();
    found
}

/// `base` itself for an empty path: `join` would put a slash after it.
fn join(base: &Path, path: &str) -> PathBuf {
    path.split('/').filter(|part| !part.is_empty()).fold(base.to_owned(), |base, part| base.join(part))
}

#[cfg(test)]
mod tests {
    use super::super::apps::find;
    use super::*;

    struct Folder(tempfile::TempDir);

    impl Folder {
        fn with(files: &[&str]) -> Self {
            let folder = Self(tempfile::tempdir().expect("a directory"));
            for file in files {
                let path = folder.0.path().join(file);
                if file.ends_with('/') {
                    std::fs::create_dir_all(&path).expect("a directory");
                } else {
                    std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
                    std::fs::write(&path, "{}").expect("a file");
                }
            }
            folder
        }

        /// The files of an app in this home, which `~` stands for.
        fn files(&self, app: &str, system: System, environment: &[(&str, &str)]) -> Vec<String> {
            let home = self.0.path().to_owned();
            let at_home = |value: &str| value.replace('~', home.to_str().expect("Unicode"));
            let environment: Vec<_> =
                environment.iter().map(|(name, value)| ((*name).to_owned(), at_home(value))).collect();
            let surroundings = Surroundings {
                applications: vec![home.join("Applications")],
                home: home.clone(),
                system,
                environment: Box::new(move |name| {
                    environment.iter().find(|(known, _)| known == name).map(|(_, value)| value.into())
                }),
                runs: Box::new(|_| false),
            };
            let found = surroundings.files_of(find(app).expect("an app"));
            let below = |path: PathBuf| path.strip_prefix(&home).expect("in the home").display().to_string();
            found.into_iter().map(below).collect()
        }
    }

    #[test]
    fn an_app_that_is_not_there_has_no_files() {
        let home = Folder::with(&[]);
        for app in super::super::apps::APPS {
            for system in [System::Linux, System::MacOs, System::Windows] {
                assert!(home.files(app.id, system, &[]).is_empty(), "{}", app.id);
            }
        }
    }

    #[test]
    fn a_folder_of_the_app_is_enough_and_each_system_has_its_own() {
        let home = Folder::with(&[
            ".config/Code/User/",
            "Library/Application Support/Code/User/",
            "AppData/Roaming/Code/User/",
            ".config/zed/",
        ]);
        for (app, system, file) in [
            ("vs-code", System::Linux, ".config/Code/User/mcp.json"),
            ("vs-code", System::MacOs, "Library/Application Support/Code/User/mcp.json"),
            ("vs-code", System::Windows, "AppData/Roaming/Code/User/mcp.json"),
            ("zed", System::Linux, ".config/zed/settings.json"),
        ] {
            assert_eq!(home.files(app, system, &[]), [file]);
        }
        assert!(home.files("zed", System::Windows, &[]).is_empty());
    }

    #[test]
    fn variables_move_what_they_name_and_nothing_else() {
        let home = Folder::with(&["elsewhere/", ".claude/", ".config/zed/", "xdg/zed/"]);
        assert_eq!(home.files("claude-code", System::Linux, &[]), [".claude.json"]);
        let moved = [("CLAUDE_CONFIG_DIR", "~/elsewhere")];
        assert_eq!(home.files("claude-code", System::Linux, &moved), ["elsewhere/.claude.json"]);
        assert_eq!(
            home.files("zed", System::Linux, &[("XDG_CONFIG_HOME", "~/xdg")]),
            ["xdg/zed/settings.json"]
        );
        assert_eq!(
            home.files("zed", System::Linux, &[("XDG_CONFIG_HOME", "xdg")]),
            [".config/zed/settings.json"]
        );
    }

    #[test]
    fn a_program_on_the_path_is_enough_unless_the_path_is_relative() {
        let home = Folder::with(&["bin/codex"]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let program = home.0.path().join("bin/codex");
            assert!(home.files("codex", System::Linux, &[("PATH", "~/bin")]).is_empty(), "it cannot be run");
            std::fs::set_permissions(program, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        assert_eq!(home.files("codex", System::Linux, &[("PATH", "~/bin")]), [".codex/config.toml"]);
        assert!(home.files("codex", System::Linux, &[("PATH", "bin:.:")]).is_empty());
    }

    #[test]
    fn on_macos_an_installed_app_is_enough() {
        let home = Folder::with(&["Applications/Cursor.app/"]);
        assert_eq!(home.files("cursor", System::MacOs, &[]), [".cursor/mcp.json"]);
        assert!(home.files("cursor", System::Linux, &[]).is_empty());
    }

    #[test]
    fn an_older_place_is_used_where_it_is_and_never_made() {
        let home = Folder::with(&[".gemini/config/"]);
        assert_eq!(home.files("antigravity", System::Linux, &[]), [".gemini/config/mcp_config.json"]);
        assert!(home.files("gemini-cli", System::Linux, &[]).is_empty());
        let home = Folder::with(&[".gemini/antigravity/mcp_config.json"]);
        assert_eq!(home.files("antigravity", System::Linux, &[]), [".gemini/antigravity/mcp_config.json"]);
    }

    #[test]
    fn each_profile_of_vs_code_has_a_file_of_its_own() {
        let home = Folder::with(&[
            ".config/Code/User/profiles/b2/mcp.json",
            ".config/Code/User/profiles/a1/",
            ".config/Code/User/profiles/readme",
            "Library/Application Support/Code - Insiders/User/profiles/a1/",
            "AppData/Roaming/Code/User/profiles/a1/",
        ]);
        assert_eq!(
            home.files("vs-code", System::Linux, &[]),
            [
                ".config/Code/User/mcp.json",
                ".config/Code/User/profiles/a1/mcp.json",
                ".config/Code/User/profiles/b2/mcp.json"
            ]
        );
        assert_eq!(
            home.files("vs-code-insiders", System::MacOs, &[]),
            [
                "Library/Application Support/Code - Insiders/User/mcp.json",
                "Library/Application Support/Code - Insiders/User/profiles/a1/mcp.json"
            ]
        );
        assert_eq!(
            home.files("vs-code", System::Windows, &[]),
            ["AppData/Roaming/Code/User/mcp.json", "AppData/Roaming/Code/User/profiles/a1/mcp.json"]
        );
        assert!(home.files("vs-code-insiders", System::Linux, &[]).is_empty());
    }

    #[test]
    fn zed_from_flathub_has_its_settings_elsewhere() {
        let home = Folder::with(&[".var/app/dev.zed.Zed/config/"]);
        let flatpak = ".var/app/dev.zed.Zed/config/zed/settings.json";
        assert_eq!(home.files("zed", System::Linux, &[]), [flatpak]);
        assert!(home.files("zed", System::MacOs, &[]).is_empty());
        let home = Folder::with(&[".var/app/dev.zed.Zed/", ".config/zed/"]);
        assert_eq!(home.files("zed", System::Linux, &[]), [".config/zed/settings.json", flatpak]);
    }

    #[test]
    fn every_package_of_claude_on_windows_is_found_before_the_roaming_folder() {
        let home = Folder::with(&[
            "AppData/Local/Packages/Claude_abc/LocalCache/Roaming/",
            "AppData/Local/Packages/Other_abc/LocalCache/Roaming/",
            "AppData/Local/Packages/Claude_old/",
            "AppData/Roaming/Claude/",
        ]);
        assert_eq!(
            home.files("claude-desktop", System::Windows, &[]),
            [
                "AppData/Local/Packages/Claude_abc/LocalCache/Roaming/Claude/claude_desktop_config.json",
                "AppData/Roaming/Claude/claude_desktop_config.json"
            ]
        );
    }
}
