"""Accounts by command, for whoever keeps the server: when no administrator can sign in any more."""

from typing import Annotated

import typer

from app.commands.surroundings import database, settings_here

cli = typer.Typer(no_args_is_help=True, help="Tài khoản")


@cli.command("reset-second-factor")
def reset(username: Annotated[str, typer.Argument(help="Tên đăng nhập")]) -> None:
    """Đặt lại bảo vệ hai lớp của một tài khoản, khi quản trị cuối cùng mất cả điện thoại và mã dự phòng.

    Mọi nơi đang đăng nhập bị đăng xuất; lần đăng nhập tới, người đó bật lại bảo vệ hai lớp.
    """
    from app.core.clock import now
    from app.core.db import transaction
    from app.domain.accounts.actions import reset_second_factor
    from app.domain.accounts.rules import SYSTEM

    with database(settings_here()) as engine, transaction(engine) as session:
        reset_second_factor(session, username, actor=SYSTEM, at=now())
    typer.echo(f"Đã đặt lại bảo vệ hai lớp của «{username}» và đăng xuất mọi nơi.")


@cli.command("set-password")
def set_one(
    username: Annotated[str, typer.Argument(help="Tên đăng nhập")],
    password: Annotated[
        str, typer.Option(prompt="Mật khẩu tạm", hide_input=True, confirmation_prompt=True)
    ],
) -> None:
    """Đặt mật khẩu tạm cho một tài khoản; người đó phải tự đổi ở lần đăng nhập tới."""
    from app.core.clock import now
    from app.core.db import transaction
    from app.domain.accounts.actions import set_password
    from app.domain.accounts.rules import SYSTEM
    from app.domain.accounts.schemas import SetPassword

    settings = settings_here()
    with database(settings) as engine, transaction(engine) as session:
        set_password(
            session,
            username,
            SetPassword(new_password=password),
            actor=SYSTEM,
            at=now(),
            breached=settings.breached_passwords_file,
        )
    typer.echo(f"Đã đặt mật khẩu tạm cho «{username}» và đăng xuất mọi nơi.")


def create_admin(
    username: str,
    name: Annotated[str, typer.Option(help="Họ tên")],
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True)],
) -> None:
    """Mở tài khoản quản trị đầu tiên."""
    from app.core.clock import now, today
    from app.core.db import transaction
    from app.domain.accounts.actions import create_user
    from app.domain.accounts.enums import Role
    from app.domain.accounts.rules import SYSTEM
    from app.domain.accounts.schemas import CreateUser, NewGrant

    settings = settings_here()
    with database(settings) as engine, transaction(engine) as session:
        create_user(
            session,
            CreateUser(
                username=username,
                name=name,
                password=password,
                grants=[NewGrant(role=Role.ADMINISTRATOR, valid_from=today())],
            ),
            actor=SYSTEM,
            at=now(),
            breached=settings.breached_passwords_file,
        )
    typer.echo(f"Đã mở tài khoản quản trị «{username}».")
