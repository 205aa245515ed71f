update raw.load_watermarks
set
    settled_through = %s,
    swept_at = sysdate()
where
    family = %s
    and coalesce(settled_through, '') < %s
