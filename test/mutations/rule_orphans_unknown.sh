# Rows stay where it is not known what one of the relationships says
#: SUITES=regress REGRESS="install rule_orphans"
sed -i '/^m2m_orphan_rules(/,/^}/s/^\t\t\treturn false;/\t\t\tcontinue;/' src/rule/orphan.c
