# {% raw %}
def main(session, key):
    rows = session.table("raw.bars").count()
    return {"key": key, "text": f"{{{rows}}}"}


# {% endraw %}
