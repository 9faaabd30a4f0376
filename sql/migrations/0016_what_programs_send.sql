-- Shops, portals and billing systems send most orders and invoices, from addresses where nobody reads answers, and through
-- services that add List-Unsubscribe. Rules that somebody has changed stay as they are.
update erp_policy set automation = '{auto_generated}'
where rule in ('order-other', 'invoice-other') and automation = '{}';
update erp_policy set automation = '{auto_generated,bulk}'
where rule in ('order-known', 'invoice-trusted') and automation = '{}';
