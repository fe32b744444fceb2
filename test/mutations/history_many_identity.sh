# What numbers itself by a default is numbered as an identity column
#: SUITES=regress REGRESS="install rule_history_many"
# (there is no sequence then, by which it is not plain either)
sed -i '/^has_plain_columns(/,/^}/s/if (column->attidentity ==/if (false \&\& column->attidentity ==/
	/^has_plain_columns(/,/^}/s/ && OidIsValid(inserter->sequence);/;/' src/rule/rule_insert.c
