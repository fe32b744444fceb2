# An index that tells spellings apart is taken to keep pairs unique
#: SUITES=regress REGRESS="install question_alike"
sed -i 's/if (endpoint->key\[i\].alike)/if (true)/' src/catalog/catalog_association.c
