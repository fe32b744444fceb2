# A table that was adopted goes with its endpoint
#: SUITES=regress REGRESS="install drop adopt_drop"
sed -i '/^drop_rest(/,/^}/s/if (!seen->adopted && object_ownercheck(RelationRelationId,/if (object_ownercheck(RelationRelationId,/' src/ddl/ddl_drop.c
