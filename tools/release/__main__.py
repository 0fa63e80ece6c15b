"""The steps of a release, as .github/workflows/release.yml takes them; each can be run by hand.

    python3 tools/release check [TAG]        the version is the same everywhere, and TAG, if given, is that version's
    python3 tools/release bundle TARGET      installers for TARGET, such as x86_64-pc-windows-msvc or universal-apple-darwin
    python3 tools/release try TARGET         what was made, on the system that it is for
    python3 tools/release sbom FOLDER        what is in the programs (CycloneDX), one file for each of them and each system
    python3 tools/release gather FROM TO     what is published: all of FROM under names that stay as they are, latest.json, the changes, checksums
"""

import sys
from pathlib import Path

import attempt
import bundle
import gather
import sbom
import version


def main() -> None:
    match sys.argv[1:]:
        case ["check"]:
            print(version.checked(None))
        case ["check", tag]:
            print(version.checked(tag))
        case ["bundle", target]:
            bundle.bundle(target)
        case ["try", target]:
            attempt.attempt(target)
        case ["sbom", folder]:
            sbom.write(Path(folder))
        case ["gather", source, target]:
            gather.gather(Path(source), Path(target))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
