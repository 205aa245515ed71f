{#
    The standard normal distribution in double precision, relative to the value itself also far in the tail.

    erfcx(z) = exp(z²)·erfc(z), by the rational approximations of W. J. Cody, "Rational Chebyshev approximations for the
    error function", Mathematics of Computation 23 (1969); coefficients of his CALERF. Relative error below 1e-14.
    Every branch is defined for every z: Snowflake may evaluate a branch that it does not take, and ends the statement
    at a division by zero or an overflow. z² is cut at 700, where exp still has a value.
#}
{% macro erfcx(z) -%}
    iff({{ z }} < 0, 2 * exp(least(({{ z }}) * ({{ z }}), 700)), 0)
    + iff({{ z }} < 0, -1, 1) * {{ erfcx_of_distance(z) }}
{%- endmacro %}

{# erfcx(|z|) #}
{% macro erfcx_of_distance(z) -%}
    case
        when abs({{ z }}) <= 0.46875
            then
                exp({{ _small_square(z) }})
                * (1 - least(abs({{ z }}), 0.46875) * {{ _ratio(_small_square(z), _SMALL()) }})
        when abs({{ z }}) <= 4
            then {{ _ratio('least(abs(' ~ z ~ '), 4)', _MIDDLE()) }}
        else
            (1 / sqrt(pi()) - {{ _ratio(_inverse_square(z), _LARGE()) }} * {{ _inverse_square(z) }})
            / greatest(abs({{ z }}), 4)
    end
{%- endmacro %}

{% macro normal_cdf(x) -%}
    0.5 * iff({{ x }} > 0, -1, 1) * exp(-least(({{ x }}) * ({{ x }}) / 2, 700))
    * ({{ erfcx('abs(' ~ x ~ ') / sqrt(2)') }})
    + iff({{ x }} > 0, 1, 0)
{%- endmacro %}

{% macro normal_density(x) -%}
    exp(-least(({{ x }}) * ({{ x }}) / 2, 700)) / sqrt(2 * pi())
{%- endmacro %}

{% macro _small_square(z) -%}
    least(({{ z }}) * ({{ z }}), 0.2197265625)
{%- endmacro %}

{% macro _inverse_square(z) -%}
    (1 / greatest(({{ z }}) * ({{ z }}), 16))
{%- endmacro %}

{# Numerator and denominator by Horner's rule, coefficients of the highest power first. #}
{% macro _ratio(x, coefficients) -%}
    ({{ _polynomial(x, coefficients[0]) }} / {{ _polynomial(x, coefficients[1]) }})
{%- endmacro %}

{% macro _polynomial(x, coefficients) -%}
    {{- '(' * (coefficients | length - 1) }}{{ coefficients[0] }}
    {%- for coefficient in coefficients[1:] %} * {{ x }} + {{ coefficient }}){% endfor %}
{%- endmacro %}

{% macro _SMALL() %}
    {{ return([
        ['1.85777706184603153e-1', '3.16112374387056560e0', '1.13864154151050156e2', '3.77485237685302021e2', '3.20937758913846947e3'],
        ['1.0e0', '2.36012909523441209e1', '2.44024637934444173e2', '1.28261652607737228e3', '2.84423683343917062e3']
    ]) }}
{% endmacro %}

{% macro _MIDDLE() %}
    {{ return([
        ['2.15311535474403846e-8', '5.64188496988670089e-1', '8.88314979438837594e0', '6.61191906371416295e1',
         '2.98635138197400131e2', '8.81952221241769090e2', '1.71204761263407058e3', '2.05107837782607147e3',
         '1.23033935479799725e3'],
        ['1.0e0', '1.57449261107098347e1', '1.17693950891312499e2', '5.37181101862009858e2', '1.62138957456669019e3',
         '3.29079923573345963e3', '4.36261909014324716e3', '3.43936767414372164e3', '1.23033935480374942e3']
    ]) }}
{% endmacro %}

{% macro _LARGE() %}
    {{ return([
        ['1.63153871373020978e-2', '3.05326634961232344e-1', '3.60344899949804439e-1', '1.25781726111229246e-1',
         '1.60837851487422766e-2', '6.58749161529837803e-4'],
        ['1.0e0', '2.56852019228982242e0', '1.87295284992346725e0', '5.27905102951428412e-1', '6.05183413124413191e-2',
         '2.33520497626869185e-3']
    ]) }}
{% endmacro %}
