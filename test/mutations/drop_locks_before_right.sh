# Who may not drop a table makes others wait by naming it
#: SUITES=isolation ISOLATION="ddl_no_rights"
sed -i '/^start_drop_table(/,/^}/s/if (!object_ownercheck(RelationRelationId, relid, GetUserId()) &&/if (false \&\& !object_ownercheck(RelationRelationId, relid, GetUserId()) \&\&/' src/ddl/ddl_drop.c
