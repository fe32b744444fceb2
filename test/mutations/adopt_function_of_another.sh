# A function that the caller may not change is taken for a link function that is left over
#: SUITES=pgtap PGTAP=privileges
sed -i '/^m2m_function_reusable(/,/^}/s/object_ownercheck(ProcedureRelationId, function, GetUserId())/true/' src/view/view_function.c
