# Rows of inheritance children need no links
#: SUITES=regress REGRESS="install rule_endpoints"
sed -i 's/endpoint = m2m_only(rel->side\[side\].relid)/endpoint = m2m_qualified_name(rel->side[side].relid)/' src/rule/limit.c
