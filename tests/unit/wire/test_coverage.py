from collections.abc import Mapping
from typing import Any

from hubbub.wire import Call, FieldListStyle, Service, load_model
from hubbub.wire.coverage import rows


async def handler(call: Call, params: Mapping[str, Any]) -> None:
    return None


def test_rows_tell_what_has_a_handler() -> None:
    service = Service(
        model=load_model("ivschat"), errors=FieldListStyle(), handlers={"GetRoom": handler}
    )

    table = list(rows([service]))

    assert len(table) == 17
    assert [row.operation for row in table] == sorted(row.operation for row in table)
    assert [row.operation for row in table if row.implemented] == ["GetRoom"]
