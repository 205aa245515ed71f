{# A condition that every row must meet; where it can't be decided (NULL) the row passes. #}
{% test holds(model, condition) %}
select *
from {{ model }}
where not ({{ condition }})
{% endtest %}
