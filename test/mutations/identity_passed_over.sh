# A key that lacks columns of the pair is no target for ON CONFLICT DO NOTHING
#: SUITES=regress REGRESS="install identity"
sed -i '/^use_key/,/^}/s/ && key->npair == npair &&$/ \&\& key->npair <= npair \&\&/' src/catalog/catalog_identity.c
