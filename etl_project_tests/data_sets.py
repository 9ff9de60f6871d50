"""Hugging Face's data sets on loopback: what its library asks to make one, look at it, and commit to it, without Xet."""

import base64
import hashlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

TOKEN = "hf_" + "Invented1" * 4
#: Files that are larger go by LFS, as the service does with those that are no text.
_LARGEST_REGULAR = 4096


class DataSets:
    """``repositories``: by name, the files of each, their content; ``commits``: what each commit did."""

    def __init__(self) -> None:
        self.repositories: dict[str, dict[str, bytes]] = {}
        self.private: dict[str, bool] = {}
        self.commits: list[dict[str, Any]] = []
        self.objects: dict[str, bytes] = {}
        self.asked: list[tuple[str, str, str]] = []
        self.fault: tuple[str, int] | None = None
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _answer(self) -> None:
                size = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(size)
                path = unquote(urlsplit(self.path).path)
                service.asked.append((self.command, path, self.headers.get("Authorization", "")))
                status, answer, headers = service.answer(self.command, path, body, self.headers)
                content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(status)
                for name, value in {"Content-Length": str(len(content)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            do_GET = do_HEAD = do_POST = do_PUT = _answer  # noqa: N815 - the server's own names

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def __enter__(self) -> "DataSets":
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def answer(self, method: str, path: str, body: bytes, headers: Any) -> tuple[int, Any, dict[str, str]]:
        if self.fault and self.fault[0] in path:
            return self.fault[1], {"error": "it is broken"}, {}
        if path.startswith("/objects/"):  # an address of its own, which the token is not for
            oid = path.rpartition("/")[2]
            if hashlib.sha256(body).hexdigest() != oid:
                return 400, {"error": "other bytes than promised"}, {}
            self.objects[oid] = body
            return 200, {}, {}
        if headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, {"error": "Invalid username or password."}, {}
        if path == "/api/repos/create":
            told = json.loads(body)
            name = f"{told['organization']}/{told['name']}"
            known = name in self.repositories
            if not known:
                self.repositories[name], self.private[name] = (
                    {".gitattributes": b""},
                    told.get("visibility") == "private",
                )
            return (409 if known else 200), {"url": f"{self.url}/datasets/{name}", "error": "exists"}, {}
        if path == "/api/validate-yaml":
            return 200, {"errors": [], "warnings": []}, {}
        if found := re.fullmatch(r"/api/datasets/([^/]+/[^/]+)/(tree|preupload|commit)/main", path):
            return self._of_a_data_set(found[1], found[2], body)
        if found := re.fullmatch(r"/api/datasets/([^/]+/[^/]+)(?:/revision/main)?", path):
            return 200, {"id": found[1], "sha": "0" * 40, "siblings": [], "private": True, "disabled": False}, {}
        if found := re.fullmatch(r"/datasets/([^/]+/[^/]+)\.git/info/lfs/objects/batch", path):
            asked = json.loads(body)["objects"]
            made = [
                {**one, "actions": {"upload": {"href": f"{self.url}/objects/{one['oid']}", "header": {}}}}
                for one in asked
            ]
            return 200, {"transfer": "basic", "objects": made}, {"Content-Type": "application/vnd.git-lfs+json"}
        if found := re.fullmatch(r"/datasets/([^/]+/[^/]+)/resolve/main/(.+)", path):
            content = self.repositories[found[1]].get(found[2])
            if content is None:
                return 404, {"error": "no such file"}, {"X-Error-Code": "EntryNotFound"}
            tag = hashlib.sha256(content).hexdigest()
            return (
                200,
                content,
                {"ETag": f'"{tag}"', "X-Repo-Commit": "0" * 40, "Content-Type": "application/octet-stream"},
            )
        return 404, {"error": f"nobody answers {method} {path}"}, {}

    def _of_a_data_set(self, name: str, what: str, body: bytes) -> tuple[int, Any, dict[str, str]]:
        files = self.repositories[name]
        if what == "tree":
            return 200, [
                {"type": "file", "path": path, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}
                for path, content in files.items()
            ], {}  # fmt: skip
        if what == "preupload":
            return 200, {
                "files": [
                    {
                        "path": one["path"],
                        "uploadMode": "lfs" if one["size"] > _LARGEST_REGULAR else "regular",
                        "shouldIgnore": False,
                    }
                    for one in json.loads(body)["files"]
                ]
            }, {}  # fmt: skip
        done: dict[str, Any] = {"data_set": name, "files": [], "lfs": [], "deleted": []}
        for line in map(json.loads, body.splitlines()):
            value = line["value"]
            if line["key"] == "header":
                done["summary"] = value["summary"]
            elif line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
                done["files"].append(value["path"])
            elif line["key"] == "lfsFile":
                files[value["path"]] = self.objects[value["oid"]]
                done["lfs"].append(value["path"])
            elif line["key"] == "deletedFile":
                del files[value["path"]]
                done["deleted"].append(value["path"])
            else:
                return 400, {"error": f"unknown operation {line['key']}"}, {}
        self.commits.append(done)
        url = f"{self.url}/datasets/{name}/commit/{len(self.commits):040}"
        return 200, {"success": True, "commitUrl": url, "commitOid": f"{len(self.commits):040}"}, {}
