# Who drops an endpoint takes along an association of somebody else's
#: SUITES=regress REGRESS="install drop acl"
sed -i '/^drop_rest(/,/^}/s/if (!seen->adopted && object_ownercheck(RelationRelationId,/if (!seen->adopted \&\& true + object_ownercheck(RelationRelationId,/' src/ddl/ddl_drop.c
