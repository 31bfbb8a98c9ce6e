"""What customers read: English, Spanish and Chinese; courteous, no blame, no name, never theft."""

import datetime as dt
import zoneinfo
from typing import Final, Literal

VERSION: Final = 1
"""Of all texts; grows with any change."""

_RATE: Final = {
    "en": ", about {rate} litres an hour",
    "es": ", unos {rate} litros por hora",
    "zh": ",每小时约{rate}升",
}
_AWAY: Final = {
    "en": " If nobody is at home, please ask somebody to have a look.",
    "es": " Si no hay nadie en casa, pida a alguien que lo compruebe.",
    "zh": "如果家中无人,请托人查看。",
}
_SHORT: Final = {
    ("leak", "en"): (
        "Water has been running since {since}{rate}. It may indicate a leak: check toilet, taps, irrigation. "
        "STOP to end, HELP for help"
    ),
    ("leak", "es"): (
        "Corre agua desde {since}{rate}. Puede indicar una fuga: revise inodoro, grifos, riego. "
        "STOP para baja, HELP para ayuda"
    ),
    ("leak", "zh"): "自{since}起持续用水{rate}。这可能表示漏水,请检查马桶、水龙头和灌溉。退订回STOP,帮助回HELP",
    ("burst", "en"): (
        "Very high water flow since {since}{rate}. It may indicate a burst pipe: close the main valve. "
        "STOP to end, HELP for help"
    ),
    ("burst", "es"): (
        "Caudal de agua muy alto desde {since}{rate}. Puede indicar una rotura: cierre la llave. "
        "STOP para baja, HELP para ayuda"
    ),
    ("burst", "zh"): "自{since}起用水量极大{rate}。这可能表示水管爆裂,请关闭总阀。退订回STOP,帮助回HELP",
}
_LONG: Final = {
    ("leak", "en"): (
        "Good day. Water has been running at your property without a break since {since}{rate}. This may indicate a "
        "leak. Please check the toilet, the taps and the irrigation, and whether the meter stands still when nothing "
        "is in use.{away} If you know the reason, you need not do anything. Kind regards, your water utility."
    ),
    ("leak", "es"): (
        "Buenos días. En su propiedad corre agua sin interrupción desde {since}{rate}. Esto puede indicar una fuga. "
        "Por favor, revise el inodoro, los grifos y el riego, y compruebe si el contador se detiene cuando no se usa "
        "agua.{away} Si conoce el motivo, no tiene que hacer nada. Un cordial saludo, su compañía de aguas."
    ),
    ("leak", "zh"): (
        "您好。自{since}起,您的房屋一直在用水{rate}。这可能表示漏水。请检查马桶、水龙头和灌溉系统,"
        "并确认在不用水时水表是否停转。{away}如果您知道原因,则无需处理。您的供水公司敬上。"
    ),
    ("burst", "en"): (
        "Good day. Since {since} far more water than usual has been flowing at your property{rate}. This may indicate "
        "a burst pipe. If you do not know the reason, please close the main valve, and check the toilet, the taps and "
        "the irrigation.{away} We are sending somebody to have a look. Kind regards, your water utility."
    ),
    ("burst", "es"): (
        "Buenos días. Desde {since} fluye en su propiedad mucha más agua de lo habitual{rate}. Esto puede indicar una "
        "rotura de tubería. Si no conoce el motivo, por favor cierre la llave de paso y revise el inodoro, los grifos "
        "y el riego.{away} Enviaremos a alguien a revisarlo. Un cordial saludo, su compañía de aguas."
    ),
    ("burst", "zh"): (
        "您好。自{since}起,您房屋的用水量远高于平时{rate}。这可能表示水管爆裂。如果您不知道原因,请关闭总阀,"
        "并检查马桶、水龙头和灌溉系统。{away}我们将派人查看。您的供水公司敬上。"
    ),
}


def text(
    kind: Literal["leak", "burst"],
    language: str | None,
    since: str,
    litres_per_hour: float | None,
    *,
    short: bool,
    away: bool,
) -> tuple[str, str]:
    """(language, text): in the account's language where there is a text in it, else in English.

    `since` is local time. A short one fits into an SMS of 160 characters, with the words STOP and HELP.
    """
    spoken = (language or "en").lower().replace("_", "-").split("-")[0]
    spoken = spoken if spoken in _RATE else "en"
    rate = "" if litres_per_hour is None else _RATE[spoken].format(rate=_about(litres_per_hour))
    template = (_SHORT if short else _LONG)[kind, spoken]
    return spoken, template.format(since=since, rate=rate, away=_AWAY[spoken] if away else "")


def local(time: dt.datetime, timezone: str) -> str:
    """Local date and time of day, in the order that all languages understand."""
    return f"{time.astimezone(zoneinfo.ZoneInfo(timezone)):%Y-%m-%d %H:%M}"


def _about(rate: float) -> str:
    """Two digits are enough; a rate is never said to be nothing."""
    return f"{float(f'{max(rate, 0.1):.2g}'):g}" if rate < 1e5 else "100000+"
