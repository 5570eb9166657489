#!/bin/sh
# Made the files beside it once, with OpenSSL 3: a leaf under a CA, in the shapes that exporters make.
set -e
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 36500 -subj "/O=Example/CN=Example CA" 2>/dev/null
for kind in rsa ec; do
  [ $kind = rsa ] && opt="rsa:2048" || opt="ec -pkeyopt ec_paramgen_curve:P-256"
  openssl req -newkey $opt -nodes -keyout $kind.key -out $kind.csr -subj "/O=Example/CN=alice" 2>/dev/null
  openssl x509 -req -in $kind.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 36500 -out $kind.pem 2>/dev/null
done
p12() { out=$1; kind=$2; shift 2; openssl pkcs12 -export -in $kind.pem -inkey $kind.key -out $out "$@"; }
p12 modern.p12 rsa -certfile ca.pem -passout pass:öffne
p12 ec.p12 ec -certfile ca.pem -passout pass:secret
p12 legacy.p12 ec -certfile ca.pem -legacy -passout pass:secret
p12 rc4.p12 ec -provider default -provider legacy -keypbe PBE-SHA1-RC4-128 -certpbe PBE-SHA1-RC4-40 -passout pass:secret
p12 des.p12 ec -provider default -provider legacy -keypbe PBE-MD5-DES -certpbe PBE-MD5-DES -passout pass:secret
p12 empty.p12 ec -passout pass:
p12 nomac.p12 ec -nomac -passout pass:secret
p12 slow.p12 ec -iter 2000000000 -nomac -maciter -keypbe NONE -certpbe NONE -passout pass:secret 2>/dev/null || true
openssl pkcs12 -export -nokeys -in ca.pem -out nokey.p12 -passout pass:secret
cat ec.pem ca.pem ec.key > plain.pem
(cat ec.pem; openssl pkcs8 -topk8 -in ec.key -v2 aes-256-cbc -passout pass:secret) > pkcs8.pem
(cat rsa.pem; openssl rsa -traditional -aes256 -in rsa.key -passout pass:secret 2>/dev/null) > traditional.pem
cat rsa.pem ec.key > mismatch.pem
rm -f *.csr *.srl *.key ca.pem ec.pem rsa.pem slow.p12
# several.p12 (password: secret) was made by hand: Alice, over since 2021, with the intermediate CA "Users", the root and a stranger.
