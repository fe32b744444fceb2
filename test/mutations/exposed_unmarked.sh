# A function that somebody has replaced is taken for m2m's
#: SUITES=regress REGRESS="install expose"
sed -i '/^m2m_exposed_all(/,/^}/s/ ||$/ \&\& false ||/; /^m2m_exposed_all(/,/^}/s/form->deptype != DEPENDENCY_AUTO_EXTENSION)/false)/' src/view/view_expose.c
