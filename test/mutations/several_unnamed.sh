# Properties that fit several links of a pair change none
#: SUITES=regress REGRESS="install identity"
sed -i 's/^\tif (!call->part || call->found == NULL)$/\tif (call->part || call->found == NULL)/' src/link/link_properties.c
