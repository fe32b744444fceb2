# Link views that are left over in another schema do not say by their condition which rows are links
#: SUITES=regress REGRESS="install view_schema_adopt"
sed -i '/^leftover_condition(/,/^}/s/if (get_rel_relkind(relid) != RELKIND_VIEW)/if (get_rel_relkind(relid) != RELKIND_VIEW || get_rel_namespace(relid) != schema[0])/' src/define/define_adopt.c
