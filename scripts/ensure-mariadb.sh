#!/bin/sh
# Sees to it that the demo and the tests find a server. Only here is one ever installed, and only on Debian and Ubuntu as
# root; the packages hold the programs alone, so that no service is started.
set -eu

PACKAGES='mariadb-server-core mariadb-client-core'
# Where local/src/database/find-server.ts looks, too.
PATH="$PATH:/usr/sbin:/usr/local/sbin:/usr/libexec:/opt/homebrew/bin:/opt/homebrew/opt/mariadb/bin"
PATH="$PATH:/opt/homebrew/opt/mysql/bin:/usr/local/opt/mariadb/bin:/usr/local/opt/mysql/bin:/usr/local/mysql/bin"

has() { command -v "$1" >/dev/null 2>&1; }

install_packages() {
  export DEBIAN_FRONTEND=noninteractive
  # shellcheck disable=SC2086 # two packages, two words
  apt-get update -qq && apt-get install -y -qq --no-install-recommends $PACKAGES
}

if [ -n "${DATABASE_URL:-}" ] || has mariadbd || has mysqld; then exit 0; fi

if has apt-get && [ "$(id -u)" = 0 ]; then
  echo "No MySQL server found: installing the Debian packages $PACKAGES (no service is started)."
  if output=$(install_packages 2>&1); then exit 0; fi
  printf '%s\n' "$output" | tail -n 3 >&2
fi

if docker version >/dev/null 2>&1; then exit 0; fi

cat >&2 <<'END'
No MySQL server found: set DATABASE_URL, or install MariaDB with `brew install mariadb` (macOS), `sudo apt-get install mariadb-server-core mariadb-client-core` (Debian, Ubuntu) or `sudo dnf install mariadb-server` (Fedora), or start Docker, which will run `mysql:8.4`.
END
exit 1
