# Rows of a schema that is closed to the caller are found
#: SUITES=pgtap PGTAP=find
sed -i '/^m2m_may_select(/,/^}/s/ACL_USAGE) == ACLCHECK_OK/ACL_USAGE) != 99/' src/question/seek.c
