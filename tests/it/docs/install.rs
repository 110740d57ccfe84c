//! docs/install.md: each package is installed only if its hash matches. release/try-packages.sh installs the real
//! ones.

use sha2::{Digest, Sha256};

use super::blocks::{blocks, of};
use crate::support::{Output, Program};

const PAGE: &str = include_str!("../../../docs/install.md");

/// The content of every download.
const FILE: &[u8] = b"a package";

/// The page's scripts: the download, the comparison of the version, and one for each package.
fn scripts() -> (String, String, Vec<String>) {
    let mut scripts = of(PAGE, "sh").into_iter();
    (scripts.next().unwrap(), scripts.next().unwrap(), scripts.collect())
}

fn hash(content: &[u8]) -> String {
    Sha256::digest(content).iter().fold(String::new(), |hash, byte| format!("{hash}{byte:02x}"))
}

/// A script of the page with this hash. Each installer records its arguments.
fn run(script: &str, hash: &str) -> Output {
    let (download, version, _) = scripts();
    let script = script.replace(&"0".repeat(64), hash);
    let program = Program::new("/bin/sh", ["-c", &format!("{download}{script}{version}")]);
    let scratch = program.scratch();
    scratch.write("file", FILE);
    scratch.script("bin/curl", "#!/bin/sh\necho \"$1 $2\" >>log\ncp file \"${2##*/}\"\n");
    for installer in ["pip", "npm", "dpkg", "skopeo", "tar"] {
        scratch.script(&format!("bin/{installer}"), &format!("#!/bin/sh\necho {installer} \"$@\" >>log\n"));
    }
    // The installed program. Before that, PATH has the program of these tests, which has another version.
    scratch.script("home/bin/oidc-exchange", "#!/bin/sh\necho 'oidc-exchange 1.2.3'\n");
    program.run()
}

/// Each installer, and the file that it gets.
const INSTALLED: [(&str, &str); 5] = [
    (
        "oidc-exchange-1.2.3-linux-x86_64.tar.gz",
        "tar -xzf oidc-exchange-1.2.3-linux-x86_64.tar.gz -C HOME/bin --strip-components=1 \
     oidc-exchange-1.2.3-linux-x86_64/oidc-exchange oidc-exchange-1.2.3-linux-x86_64/docker-credential-oidc-exchange",
    ),
    (
        "oidc_exchange_cli-1.2.3-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.musllinux_1_1_x86_64.whl",
        "pip install --no-index ./oidc_exchange_cli-1.2.3-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.musllinux_1_1_x86_64.whl",
    ),
    ("oidc-exchange-1.2.3-npm-linux-x64.tgz", "npm install --global ./oidc-exchange-1.2.3-npm-linux-x64.tgz"),
    ("oidc-exchange_1.2.3-1_amd64.deb", "dpkg --install oidc-exchange_1.2.3-1_amd64.deb"),
    (
        "oidc-exchange-1.2.3-oci.tar",
        "skopeo copy --all oci-archive:oidc-exchange-1.2.3-oci.tar docker://registry.example.com/oidc-exchange:1.2.3",
    ),
];

#[test]
fn each_package_is_installed_if_its_hash_is_right_and_not_otherwise() {
    let (.., packages) = scripts();
    assert_eq!(packages.len(), INSTALLED.len());
    for (script, (file, installer)) in packages.iter().zip(INSTALLED) {
        for right in [true, false] {
            let output = run(script, &hash(if right { FILE } else { b"another" }));
            let log = std::fs::read_to_string(output.scratch.path().join("log")).unwrap();
            let log = log.replace(&*output.scratch.home().to_string_lossy(), "HOME");
            let mut lines = log.lines();
            let asked = lines.next().unwrap();
            assert!(asked.starts_with("-fsSLO https://") && asked.ends_with(&format!("/v1.2.3/{file}")), "{asked}");
            let wanted: &[&str] = if right { &[installer] } else { &[] };
            assert_eq!(lines.collect::<Vec<_>>(), wanted, "{}", output.describe());
        }
    }
}

/// Only the archive is installed into this PATH, so only there the version matches.
#[test]
fn the_last_line_fails_if_another_version_is_on_path() {
    let (.., packages) = scripts();
    let codes: Vec<_> = packages.iter().map(|script| run(script, &hash(FILE)).code).collect();
    assert_eq!(codes, [Some(0), Some(1), Some(1), Some(1), Some(1)]);
}

#[test]
fn every_block_is_run() {
    let languages: Vec<_> = blocks(PAGE).into_iter().map(|block| block.language).collect();
    // release/try-packages.sh builds an image with the last one.
    assert_eq!(languages, ["sh", "sh", "sh", "sh", "sh", "sh", "sh", "dockerfile"]);
}
