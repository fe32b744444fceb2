# What a trigger of a user's shifts while links are moved is put in order
#: SUITES=regress REGRESS="install rule_order"
sed -i 's/m2m_rule_trigger_depth() == arranging + 1/TRIGGER_FIRED_BY_UPDATE(trigger->tg_event)/' src/rule/order.c
