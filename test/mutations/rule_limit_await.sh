# Who sets the links of a row waits with nothing in hand for who has linked it
#: SUITES=isolation ISOLATION="rule_limit_set"
sed -i 's/^\t\t\tm2m_await_key(rel, side, hash\[0\]);/\t\t\t(void) hash;/' src/rule/limit.c
