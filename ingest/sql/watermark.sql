select settled_through
from raw.load_watermarks
where family = %s
