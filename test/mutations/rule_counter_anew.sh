# A key that changes takes its row's count along
#: SUITES=regress REGRESS="install rule_counter"
sed -i 's/if (change->update || recounted == m2m_my_lxid())/if (false)/' src/rule/counter.c
