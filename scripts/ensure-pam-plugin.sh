#!/bin/sh
# The IAM tests have MariaDB hand the token to a program, by its PAM plugin. Debian packs that with the server's service, which is
# not wanted here: as root on Debian and Ubuntu the two files are taken out of the package, into node_modules.
set -u

FOLDER=node_modules/.cache/warmpool/plugin
for folder in /usr/lib/mysql/plugin /usr/lib64/mariadb/plugin /usr/lib64/mysql/plugin "$FOLDER"; do
  if [ -e "$folder/auth_pam.so" ]; then exit 0; fi
done

if ! command -v apt-get >/dev/null 2>&1 || [ "$(id -u)" != 0 ]; then
  echo "The IAM tests are left out: they need root and MariaDB's plugin auth_pam.so (Debian: mariadb-server)."
  exit 0
fi

echo "Fetching MariaDB's PAM plugin for the IAM tests (nothing is installed)."
root=$(pwd)
package=$(mktemp -d)
trap 'rm -rf "$package"' EXIT
mkdir -p "$FOLDER"
# apt downloads as a user of its own, who has to reach the folder.
chmod 755 "$package"
{
  cd "$package" &&
    apt-get update -qq &&
    apt-get download -qq mariadb-server &&
    dpkg-deb --fsys-tarfile mariadb-server_*.deb |
      tar -x -C "$root/$FOLDER" --strip-components=5 ./usr/lib/mysql/plugin/auth_pam.so ./usr/lib/mysql/plugin/auth_pam_tool_dir
} >/dev/null 2>&1 || echo "That failed: the IAM tests will say what is missing."
exit 0
