# Sourced by the other scripts: makes .venv and installs emailq into it, but only when something has changed.
# shellcheck shell=bash
#
#   make_venv demo|test|dev     .venv holds emailq with the packages of that extra; dev includes test, test includes demo

cd -P "$(dirname "${BASH_SOURCE[0]}")/.." || exit
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_ROOT_USER_ACTION=ignore
{ : <&0; } 2>/dev/null || exec </dev/null # a closed standard input would be given away to the next file opened

make_venv() {
    local extra=$1 included python
    is_installed "$extra" && return
    if [ -e .venv ] && [ ! -w .venv ]; then
        stop "$PWD/.venv belongs to another user and is out of date: remove it and run this again"
    fi
    if ! fits_this_folder; then
        python=$(find_python) || exit
        [ ! -L .venv ] || rm .venv # it leads to that of another folder, which stays as it is
        say "making .venv with $("$python" --version)"
        "$python" -m venv --clear .venv || stop "can't make .venv: see above"
    fi
    say "installing emailq[$extra] into .venv (the first time takes about a minute)"
    .venv/bin/python -m pip install --quiet --editable ".[$extra]" </dev/null ||
        stop "the installation failed: see above, then run this again"
    case $extra in
        dev) included="dev test demo" ;;
        test) included="test demo" ;;
        *) included=$extra ;;
    esac
    for extra in $included; do cp pyproject.toml ".venv/installed-$extra.toml"; done
}

say() { echo "emailq: $*" >&2; }

stop() {
    say "$*"
    exit 69
}

is_installed() { fits_this_folder && cmp -s pyproject.toml ".venv/installed-$1.toml"; }

# A virtual environment holds absolute paths: after a move, or without its Python, it must be made anew.
fits_this_folder() { grep -qsF "$PWD/.venv/bin/" .venv/bin/pip && .venv/bin/python -c "" 2>/dev/null; }

# Prints $PYTHON if set, else the first Python >= 3.11 that can make virtual environments.
find_python() {
    local python version without_venv=
    for python in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 /usr/bin/python3}; do
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2] if sys.version_info >= (3, 11) else "")' 2>/dev/null)
        [ -n "$version" ] || continue
        if "$python" -c "import ensurepip, venv" 2>/dev/null; then
            echo "$python"
            return
        fi
        without_venv=$version
    done
    if [ -n "$without_venv" ]; then
        stop "Python $without_venv is here without its venv module: install it (Debian: apt-get install python$without_venv-venv)"
    fi
    stop "Python 3.11 or newer is needed: install it (Debian: apt-get install python3-venv), or name it in \$PYTHON"
}
