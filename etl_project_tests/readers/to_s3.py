"""Send two exports to S3, one after the other, as moto's server on loopback speaks it; print JSON of what came.

``first``, ``second``: SHA-256 by file after each; ``refused``: what is said of places that cannot be written to.
"""

import hashlib
import json
import os
import sys
from pathlib import Path

from etl_project.export.model import ExportError
from etl_project.export.remote import Place


def main() -> None:
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    os.environ |= {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_ACCESS_KEY_ID": "invented", "AWS_SECRET_ACCESS_KEY": "invented",
        "AWS_DEFAULT_REGION": "us-east-1",
    }  # fmt: skip
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="lake")
    s3.put_object(Bucket="lake", Key="other/notes.txt", Body=b"mine")

    def there(prefix: str) -> dict[str, str]:
        found = s3.list_objects_v2(Bucket="lake", Prefix=prefix).get("Contents", [])
        return {
            one["Key"].removeprefix(prefix): hashlib.sha256(
                s3.get_object(Bucket="lake", Key=one["Key"])["Body"].read()
            ).hexdigest()
            for one in found
        }

    told, came = {}, []
    for folder in sys.argv[1:]:
        Place("s3://lake/some/papers").send(Path(folder))
        came.append(there("some/papers/"))
    for address in ("s3://lake/other", "s3://nobodys/papers"):
        try:
            Place(address).send(Path(sys.argv[1]))
        except ExportError as error:
            told[address] = str(error)
    server.stop()
    json.dump({"first": came[0], "second": came[1], "refused": told}, sys.stdout)


if __name__ == "__main__":
    main()
