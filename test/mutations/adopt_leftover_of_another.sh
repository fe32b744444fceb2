# A view that the caller may not change is taken for a link view that is left over
#: SUITES=pgtap PGTAP=privileges
perl -0pi -e 's/ &&\n\t\tobject_ownercheck\(RelationRelationId, relid, owner\);/;/' src/define/define_adopt.c
