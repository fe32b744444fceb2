# A counter that is younger than the snapshot is read
#: SUITES=isolation ISOLATION=counts_newer
sed -i '/^is_newer(/,/^}/s/XidInMVCCSnapshot(xmin, snapshot)/false/' src/catalog/catalog.c
