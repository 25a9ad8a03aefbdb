#!/bin/sh
# Points this shell at the Weir proxy and makes the usual tools trust its certificates.
#
#   . ./proxy-env.sh                  sets up this shell
#   . <(curl ... /proxy-env)          the same in one line (bash, zsh)
#   sh proxy-env.sh                   installs the certificate; then: . ~/.weir/proxy-env.sh
#
# --no-certificate, or WEIR_NO_CERTIFICATE=1 in the environment (for shells that give a sourced file no
# arguments), leaves the system's trust store alone; the tools then trust a bundle in ~/.weir.
# Nothing here ends or fails the shell that sources it, and only the exported variables stay behind.

# Prints a value so that a shell reads it back unchanged.
_weir_quote() {
  printf "'%s'" "$(printf '%s' "$1" | command sed "s/'/'\\\\''/g")"
}

# Adds a variable to the exports.
_weir_export() {
  _weir_exports="${_weir_exports}export $1=$(_weir_quote "$2")
"
}

_weir_say() {
  printf 'weir: %s\n' "$1" >&2
}

# Writes a file in ~/.weir in one step; nobody else may read or change it.
_weir_write() {
  if (umask 077 && printf '%s' "$2" >|"$_weir_dir/.new.$$") 2>/dev/null &&
    command mv -f "$_weir_dir/.new.$$" "$1" 2>/dev/null; then
    return 0
  fi
  command rm -f "$_weir_dir/.new.$$" 2>/dev/null
  return 1
}

_weir_find_dir() {
  _weir_dir=
  if [ -n "${HOME:-}" ] && [ -d "$HOME" ]; then
    _weir_dir="$HOME/.weir"
    (umask 077 && command mkdir -p "$_weir_dir") 2>/dev/null || :
    if ! _weir_write "$_weir_dir/ca.pem" "$_weir_ca"; then
      _weir_dir=
    fi
  fi
  if [ -z "$_weir_dir" ]; then
    _weir_say 'no home folder to write to; nothing will be kept in ~/.weir'
  fi
}

# The system's bundle of authorities.
_weir_find_bundle() {
  for _weir_file in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt \
    /etc/ssl/ca-bundle.pem /etc/ssl/cert.pem; do
    if [ -r "$_weir_file" ]; then
      printf '%s' "$_weir_file"
      return 0
    fi
  done
}

_weir_holds_ca() {
  [ -n "$1" ] && command grep -qF -e "$_weir_ca_line" "$1" 2>/dev/null
}

_weir_is_installed() {
  if [ "$(command uname -s)" = Darwin ]; then
    command security find-certificate -a -Z /Library/Keychains/System.keychain 2>/dev/null |
      command grep -qF "$_weir_ca_id"
  else
    _weir_holds_ca "$(_weir_find_bundle)"
  fi
}

# Runs a command as root, if that is possible at all.
_weir_as_root() {
  if [ "$(command id -u)" = 0 ]; then
    "$@"
  elif ! command -v sudo >/dev/null 2>&1; then
    return 1
  elif [ -t 2 ]; then
    sudo "$@"
  else
    sudo -n "$@" 2>/dev/null
  fi
}

# Puts the certificate into a file only root may write.
_weir_put() {
  printf '%s' "$_weir_ca" | _weir_as_root tee "$1" >/dev/null 2>&1
}

_weir_install() {
  if [ "$(command uname -s)" = Darwin ]; then
    [ -n "$_weir_dir" ] &&
      _weir_as_root security add-trusted-cert -d -r trustRoot -p ssl -p basic \
        -k /Library/Keychains/System.keychain "$_weir_dir/ca.pem" </dev/null >&2
  elif command -v update-ca-certificates >/dev/null 2>&1; then
    _weir_as_root mkdir -p /usr/local/share/ca-certificates </dev/null &&
      _weir_put /usr/local/share/ca-certificates/weir-ca.crt &&
      _weir_as_root update-ca-certificates </dev/null >/dev/null 2>&1
  elif command -v update-ca-trust >/dev/null 2>&1; then
    _weir_as_root mkdir -p /etc/pki/ca-trust/source/anchors </dev/null &&
      _weir_put /etc/pki/ca-trust/source/anchors/weir-ca.pem &&
      _weir_as_root update-ca-trust extract </dev/null >/dev/null 2>&1
  elif command -v trust >/dev/null 2>&1; then
    [ -n "$_weir_dir" ] &&
      _weir_as_root trust anchor --store "$_weir_dir/ca.pem" </dev/null >/dev/null 2>&1
  else
    return 1
  fi
}

# Chooses the bundle that the trust variables name: the system's if it holds our certificate,
# otherwise one of our own made of the system's (or the one this shell already used) and ours.
_weir_choose_bundle() {
  _weir_bundle="$(_weir_find_bundle)"
  if [ -n "${SSL_CERT_FILE:-}" ] && [ -r "$SSL_CERT_FILE" ]; then
    _weir_bundle="$SSL_CERT_FILE"
  fi
  if _weir_holds_ca "$_weir_bundle"; then
    return 0
  fi
  if [ "$_weir_bundle" = "$_weir_dir/ca-bundle.pem" ]; then
    _weir_bundle="$(_weir_find_bundle)"
  fi
  if [ -z "$_weir_dir" ]; then
    _weir_say 'the certificate could neither be installed nor kept; HTTPS will not be trusted'
    _weir_bundle=
  elif _weir_write "$_weir_dir/ca-bundle.pem" "$(
    [ -z "$_weir_bundle" ] || command cat "$_weir_bundle" 2>/dev/null
    printf '\n%s' "$_weir_ca"
  )
"; then
    _weir_bundle="$_weir_dir/ca-bundle.pem"
  else
    _weir_bundle=
  fi
}

_weir_find_java_home() {
  if [ -n "${JAVA_HOME:-}" ] && [ -d "$JAVA_HOME" ]; then
    printf '%s' "$JAVA_HOME"
  elif command -v java >/dev/null 2>&1; then
    command java -XshowSettings:properties -version </dev/null 2>&1 |
      command sed -n 's/^ *java\.home = //p'
  fi
}

# Java reads no PEM: a copy of its own trust store with our certificate added, or, where there is no
# Java yet, a store with ours alone. Made anew only if either of the two has changed.
_weir_make_trust_store() {
  _weir_home="$(_weir_find_java_home)"
  _weir_cacerts="$_weir_home/lib/security/cacerts"
  [ -r "$_weir_cacerts" ] || _weir_cacerts="$_weir_home/jre/lib/security/cacerts"
  _weir_keytool="$_weir_home/bin/keytool"
  if ! [ -x "$_weir_keytool" ] || ! [ -r "$_weir_cacerts" ]; then
    _weir_keytool=
    _weir_cacerts=/dev/null
  fi
  _weir_stamp="$_weir_ca_id $(command cksum <"$_weir_cacerts" 2>/dev/null)"
  if [ -s "$_weir_dir/truststore.p12" ] &&
    [ "$(command cat "$_weir_dir/truststore.id" 2>/dev/null)" = "$_weir_stamp" ]; then
    return 0
  fi
  _weir_store="$_weir_dir/.store.$$"
  if _weir_fill_trust_store &&
    command mv -f "$_weir_store" "$_weir_dir/truststore.p12" 2>/dev/null; then
    _weir_write "$_weir_dir/truststore.id" "$_weir_stamp"
    return 0
  fi
  command rm -f "$_weir_store" 2>/dev/null
  return 1
}

_weir_fill_trust_store() {
  if [ -n "$_weir_keytool" ]; then
    (umask 077 && command cat "$_weir_cacerts" >|"$_weir_store") 2>/dev/null || return 1
    "$_weir_keytool" -importcert -noprompt -trustcacerts -alias "weir-ca-$$" \
      -file "$_weir_dir/ca.pem" -keystore "$_weir_store" -storepass changeit \
      </dev/null >/dev/null 2>&1 && return 0
  fi
  (umask 077 && printf '%s\n' "$_weir_ca_p12" | {
    command base64 -d || command openssl base64 -d -A
  } >|"$_weir_store") 2>/dev/null && [ -s "$_weir_store" ]
}

# Appends the entries of a comma-separated list that are not yet in _weir_no_proxy; empty ones and *,
# which would switch the proxy off, are left out.
_weir_add_no_proxy() {
  _weir_rest="$(printf '%s' "$1" | command tr -d ' '),"
  while [ -n "$_weir_rest" ]; do
    _weir_entry="${_weir_rest%%,*}"
    _weir_rest="${_weir_rest#*,}"
    case ",$_weir_no_proxy,,*," in
      *",$_weir_entry,"*) ;;
      *) _weir_no_proxy="$_weir_no_proxy,$_weir_entry" ;;
    esac
  done
}

_weir_export_proxies() {
  _weir_add_no_proxy "${NO_PROXY:-}"
  _weir_add_no_proxy "${no_proxy:-}"
  for _weir_name in HTTP_PROXY http_proxy HTTPS_PROXY https_proxy; do
    _weir_export "$_weir_name" "$_weir_proxy"
  done
  _weir_export NO_PROXY "$_weir_no_proxy"
  _weir_export no_proxy "$_weir_no_proxy"
  _weir_export NODE_USE_ENV_PROXY 1
}

_weir_export_trust() {
  if [ -n "$_weir_bundle" ]; then
    for _weir_name in SSL_CERT_FILE CURL_CA_BUNDLE REQUESTS_CA_BUNDLE PIP_CERT GIT_SSL_CAINFO \
      AWS_CA_BUNDLE CARGO_HTTP_CAINFO; do
      _weir_export "$_weir_name" "$_weir_bundle"
    done
  fi
  if [ -n "$_weir_dir" ]; then
    _weir_export NODE_EXTRA_CA_CERTS "$_weir_dir/ca.pem"
  elif [ -n "$_weir_bundle" ]; then
    _weir_export NODE_EXTRA_CA_CERTS "$_weir_bundle"
  fi
}

# The options are appended, once, to those this shell has for other reasons.
_weir_export_java() {
  _weir_java="$_weir_java_proxy"
  if [ -n "$_weir_dir" ] && _weir_make_trust_store; then
    _weir_file="$_weir_dir/truststore.p12"
    case "$_weir_file" in
      *' '*) _weir_file="\"$_weir_file\"" ;;
    esac
    _weir_java="-Djavax.net.ssl.trustStore=$_weir_file"
    _weir_java="$_weir_java -Djavax.net.ssl.trustStorePassword=changeit $_weir_java_proxy"
  fi
  _weir_java="$(_weir_quote "$_weir_java")"
  _weir_exports="${_weir_exports}case \" \${JAVA_TOOL_OPTIONS:-} \" in
  *' '$_weir_java' '*) ;;
  *) JAVA_TOOL_OPTIONS=\"\${JAVA_TOOL_OPTIONS:+\$JAVA_TOOL_OPTIONS }\"$_weir_java ;;
esac
export JAVA_TOOL_OPTIONS
"
}

_weir_main() {
  _weir_certificate=yes
  [ -z "${WEIR_NO_CERTIFICATE:-}" ] || _weir_certificate=no
  for _weir_argument in "$@"; do
    [ "$_weir_argument" != --no-certificate ] || _weir_certificate=no
  done
  _weir_exports=
  _weir_find_dir
  if [ "$_weir_certificate" = yes ] && ! _weir_is_installed; then
    _weir_install ||
      _weir_say 'the certificate could not be installed for the whole system; ~/.weir is used instead'
  fi
  _weir_choose_bundle
  _weir_export_proxies
  _weir_export_trust
  _weir_export_java
  eval "$_weir_exports"
  if [ -n "$_weir_dir" ] && _weir_write "$_weir_dir/proxy-env.sh" "$_weir_exports"; then
    _weir_say "using $_weir_shown; in another shell: . ~/.weir/proxy-env.sh"
  else
    _weir_say "using $_weir_shown"
  fi
}

_weir_proxy=@PROXY_URL@
_weir_shown=@PROXY_SHOWN@
_weir_java_proxy=@JAVA_PROXY@
_weir_no_proxy=@NO_PROXY@
_weir_ca_id=@CA_ID@
_weir_ca_line=@CA_LINE@
_weir_ca=@CA_PEM@
_weir_ca_p12=@CA_P12@

# After || the shell's own errexit does not apply within.
_weir_main "$@" || :

unset -f _weir_quote _weir_export _weir_say _weir_write _weir_find_dir _weir_find_bundle \
  _weir_holds_ca _weir_is_installed _weir_as_root _weir_put _weir_install _weir_choose_bundle _weir_find_java_home \
  _weir_make_trust_store _weir_fill_trust_store _weir_add_no_proxy _weir_export_proxies \
  _weir_export_trust _weir_export_java _weir_main
unset _weir_proxy _weir_shown _weir_java_proxy _weir_no_proxy _weir_ca_id _weir_ca_line _weir_ca \
  _weir_ca_p12 _weir_certificate _weir_argument _weir_exports _weir_dir _weir_bundle _weir_file \
  _weir_name _weir_home _weir_cacerts _weir_keytool _weir_stamp _weir_store _weir_rest \
  _weir_entry _weir_java
:
