"""The caller's page."""

from flask import Blueprint, render_template

from admin.districts import districts
from bot.conversation import Dialogue

# Asked often, so that callers see at once what may be asked and how short it may be.
_EXAMPLES = ("社保卡丢了怎么补办？", "被拖欠工资该怎么投诉？", "工伤认定到哪里申请？", "失业金怎么领取？")


def make_page(dialogue: Dialogue) -> Blueprint:
    """The page's route."""
    page = Blueprint("page", __name__)

    @page.get("/")
    def caller() -> str:
        return render_template(
            "caller.html",
            city=dialogue.regions.city.name if dialogue.regions.city else "",
            districts=districts(dialogue.regions),
            examples=_EXAMPLES,
        )

    return page
