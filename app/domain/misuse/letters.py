"""What is told of reports from the public, sent as it stands here."""

from app.domain.misuse.rules import WATCHING
from app.domain.notices.rules import Letter

# Neither who reported nor against whom: a letter may be read on a screen in a hall.
REPORT_CAME = Letter(
    kind="misuse.came",
    title="Phản ánh mới {report}: {concern}",
    todo="Mở phản ánh, nhận kiểm tra, rồi ghi kết quả.",
    route_name="misuse.show",
    basis=WATCHING,
)
