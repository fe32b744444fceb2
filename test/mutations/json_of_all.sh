# What m2m_json includes unasked is what the caller may read
#: SUITES=regress REGRESS="install json"
sed -i 's/(all \&\& may_read(branch))/(all \&\& (may_read(branch) || true))/' src/question/json.c
