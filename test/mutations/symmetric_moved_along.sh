# A row that the foreign key moves along does not take old properties back
#: SUITES=regress REGRESS="install symmetric"
sed -i 's/AND (%s AND %s OR NOT EXISTS (SELECT FROM unlinked v WHERE %s AND %s)"/AND (%s AND %s OR false AND NOT EXISTS (SELECT FROM unlinked v WHERE %s AND %s)"/' src/rule/symmetric.c
