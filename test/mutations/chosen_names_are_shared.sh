# Columns of one name become one although nobody has named them
#: SUITES=regress REGRESS="install naming_styles"
sed -i '/^check_names(/,/^}/s/(!named \&\& list_member/(!named \&\& false \&\& list_member/' src/define/define_create.c
