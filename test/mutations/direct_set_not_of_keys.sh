# A link without its row is taken for another
#: SUITES=regress REGRESS="install direct"
sed -i '/^are_keys(/,/^}/s/if (column->integer &&/if (false \&\& column->integer \&\&/' src/direct/link_direct.c
