//! What the tests need besides Rust. On a fresh Debian machine it is installed; where that isn't possible the run stops
//! and names what is missing: a test that needs something absent fails, it does not skip.

use crate::process::{Surroundings, output, succeed};
use std::path::{Path, PathBuf};

/// One thing a part needs: the programs that show it is there, and the Debian package that brings them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    Chromium,
    Node,
    Postgres,
    Strace,
    Setpriv,
    Nginx,
    Caddy,
    Apache,
    Python,
}

const POSTGRES: [&str; 5] = ["initdb", "postgres", "psql", "createdb", "dropdb"];
/// The browser tests' libraries ask for it.
const NODE_AT_LEAST: u32 = 20;

impl Need {
    fn packages(self) -> &'static [&'static str] {
        match self {
            Self::Chromium => &["chromium"],
            Self::Node => &["nodejs", "npm"],
            Self::Postgres => &["postgresql"],
            Self::Strace => &["strace"],
            Self::Setpriv => &["util-linux"],
            Self::Nginx => &["nginx"],
            Self::Caddy => &["caddy"],
            Self::Apache => &["apache2-bin", "libapache2-mod-auth-openidc"],
            Self::Python => &["python3", "python3-venv"],
        }
    }

    fn is_met(self, surroundings: &Surroundings) -> bool {
        let all = |programs: &[&str]| programs.iter().all(|program| surroundings.find(program).is_some());
        match self {
            Self::Chromium => Path::new("/usr/bin/chromium").exists(),
            Self::Node => all(&["node", "npm"]),
            Self::Postgres => all(&POSTGRES),
            Self::Strace => all(&["strace"]),
            Self::Setpriv => all(&["setpriv"]),
            // Where Debian puts them, which is not on everybody's search path; the browser tests start them there.
            Self::Nginx => Path::new("/usr/sbin/nginx").exists(),
            Self::Caddy => Path::new("/usr/bin/caddy").exists(),
            Self::Apache => ["/usr/sbin/apache2", "/usr/lib/apache2/modules/mod_auth_openidc.so"]
                .into_iter()
                .all(|file| Path::new(file).exists()),
            Self::Python => {
                let modules = ["-c", "import ensurepip, venv"];
                surroundings.command("python3").args(modules).status().is_ok_and(|status| status.success())
            }
        }
    }
}

/// Installs what is missing and puts it on the run's search path.
pub fn provide(surroundings: &mut Surroundings, needs: &[Need]) -> Result<(), String> {
    find_postgres(surroundings)?;
    let missing: Vec<Need> = needs.iter().copied().filter(|need| !need.is_met(surroundings)).collect();
    if !missing.is_empty() {
        let packages: Vec<&str> = missing.iter().flat_map(|need| need.packages()).copied().collect();
        apt_install(surroundings, &packages)?;
        find_postgres(surroundings)?;
        if let Some(need) = missing.iter().find(|need| !need.is_met(surroundings)) {
            return Err(format!("{need:?} is still missing after installing {}", packages.join(", ")));
        }
    }
    if needs.contains(&Need::Node) {
        newer_node(surroundings)?;
    }
    Ok(())
}

/// Debian keeps the server's programs outside the search path, one directory per major version.
fn find_postgres(surroundings: &mut Surroundings) -> Result<(), String> {
    if Need::Postgres.is_met(surroundings) {
        return Ok(());
    }
    let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") else { return Ok(()) };
    let newest = versions
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path().join("bin"))))
        .filter(|(_, bin)| POSTGRES.iter().all(|program| bin.join(program).exists()))
        .max();
    newest.map_or(Ok(()), |(_, bin)| surroundings.prefer(&bin))
}

/// Some packages start a server of their own when they are installed: nobody asked for it, and it takes a port. What the
/// machine has to say about that goes before (invoke-rc.d's policy layer).
const INSTALL_WITHOUT_STARTING: &str = r#"set -e
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' > "$policy"
    chmod 755 "$policy"
fi
apt-get -q -y install --no-install-recommends "$@"
"#;

fn apt_install(surroundings: &Surroundings, packages: &[&str]) -> Result<(), String> {
    let missing = format!("missing: {}. Install them: apt-get install {}", packages.join(", "), packages.join(" "));
    if surroundings.find("apt-get").is_none() {
        return Err(format!("{missing} (there is no apt-get here; use this system's own packages)"));
    }
    let sudo = !is_root(surroundings)?;
    if sudo && !surroundings.command("sudo").args(["-n", "true"]).status().is_ok_and(|status| status.success()) {
        return Err(format!("{missing} (neither root nor sudo without a password)"));
    }
    println!("installing {}", packages.join(", "));
    let apt = |program: &[&str], arguments: &[&str]| {
        let mut command = surroundings.command(if sudo { "sudo" } else { "env" });
        if sudo {
            command.args(["-n", "env"]);
        }
        succeed(command.arg("DEBIAN_FRONTEND=noninteractive").args(program).args(arguments))
    };
    apt(&["apt-get", "-q", "-y"], &["update"])?;
    apt(&["sh", "-c", INSTALL_WITHOUT_STARTING, "install"], packages).map_err(|error| format!("{error}\n{missing}"))
}

/// The Python of the browser tests: an environment with what `e2e/python/requirements.txt` pins, made anew when that
/// changes.
pub fn python_environment(surroundings: &Surroundings) -> Result<PathBuf, String> {
    let pinned = surroundings.root.join("e2e/python/requirements.txt");
    let wanted = std::fs::read_to_string(&pinned).map_err(|error| format!("{}: {error}", pinned.display()))?;
    let home = cache_directory(surroundings, "python");
    let (python, made) = (home.join("bin/python"), home.join("requirements.txt"));
    if python.exists() && std::fs::read_to_string(&made).is_ok_and(|known| known == wanted) {
        return Ok(python);
    }
    println!("installing what {} pins", pinned.display());
    succeed(surroundings.command("python3").args(["-m", "venv", "--clear"]).arg(&home))?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r"];
    succeed(surroundings.command(&python.display().to_string()).args(pip).arg(&pinned))?;
    std::fs::write(&made, wanted).map_err(|error| format!("{}: {error}", made.display()))?;
    Ok(python)
}

/// Debian's own node may be older than the libraries need; npm brings a newer one as a package.
fn newer_node(surroundings: &mut Surroundings) -> Result<(), String> {
    let version = output(surroundings.command("node").arg("--version"))?;
    if major(&version).is_some_and(|major| major >= NODE_AT_LEAST) {
        return Ok(());
    }
    let home = cache_directory(surroundings, "node");
    println!("node {} is older than {NODE_AT_LEAST}: installing node 22 by npm", version.trim());
    std::fs::create_dir_all(&home).map_err(|error| format!("{}: {error}", home.display()))?;
    succeed(
        surroundings
            .command("npm")
            .args(["install", "--no-save", "--no-audit", "--no-fund", "node@22"])
            .current_dir(&home),
    )?;
    surroundings.prefer(&home.join("node_modules/.bin"))?;
    let version = output(surroundings.command("node").arg("--version"))?;
    match major(&version) {
        Some(major) if major >= NODE_AT_LEAST => Ok(()),
        _ => Err(format!("node {} is too old: version {NODE_AT_LEAST} or newer is needed", version.trim())),
    }
}

fn cache_directory(surroundings: &Surroundings, name: &str) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| surroundings.root.join("target"), PathBuf::from).join(name)
}

fn major(version: &str) -> Option<u32> {
    version.trim().trim_start_matches('v').split('.').next()?.parse().ok()
}

pub fn is_root(surroundings: &Surroundings) -> Result<bool, String> {
    output(surroundings.command("id").arg("-u")).map(|id| id.trim() == "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn node_versions_compare_by_number() {
        assert_eq!(major("v20.20.2\n"), Some(20));
        assert_eq!(major("v9.1.0"), Some(9));
        assert_eq!(major("nonsense"), None);
    }
}
