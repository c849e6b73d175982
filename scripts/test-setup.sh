#!/bin/sh
# Installs what the tests use beyond npm: Chromium for the web client; nftables, iproute2, tcpdump and a UPnP router (miniupnpd)
# for the NAT laboratory; strace and openssl, by which writes to disk and certificates are judged. With --long also the fonts of the
# pictures that `npm run test:long` makes, which are large.
# On Debian and its kin as root it installs; elsewhere it prints the command and leaves the decision to you.
set -eu

missing=""
need() { # need COMMAND PACKAGE
  PATH="$PATH:/usr/sbin:/sbin" command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}
need chromium chromium
need nft nftables
need ip iproute2
need tcpdump tcpdump
need strace strace
need openssl openssl
need miniupnpd miniupnpd-nftables
font() { # font FILE PACKAGE
  [ -e "/usr/share/fonts/$1" ] || missing="$missing $2"
}
if [ "${1:-}" = --long ]; then
  font opentype/noto/NotoSansCJK-Regular.ttc fonts-noto-cjk
  font truetype/noto/NotoColorEmoji.ttf fonts-noto-color-emoji
fi

if [ -z "$missing" ]; then
  echo "test:setup: everything is here"
  exit 0
fi
install="apt-get install -y --no-install-recommends$missing"
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "test:setup: installing$missing"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $install -qq >/dev/null
else
  echo "test:setup: missing:$missing"
  echo "test:setup: run as root:  $install"
fi
